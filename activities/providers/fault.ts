export { ProviderFault, type FaultClass } from '../../contracts/provider-fault.ts';
