export interface WebUi {
  /** Base URL. */
  url: string;
  namespace: string;
}

/** The page of a workflow in the Temporal Web UI. */
export function workflowLink({ url, namespace }: WebUi, workflowId: string): string {
  const path = `/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
  return `${url.replace(/\/+$/, '')}${path}`;
}
