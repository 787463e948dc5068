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

/** A list of workflows by a visibility query, which the Web UI keeps as a saved view under `name`. */
export function savedViewLink({ url, namespace }: WebUi, query: string, name: string): string {
  const asked = new URLSearchParams({ query, savedQuery: name });
  return `${url.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows?${asked.toString()}`;
}
