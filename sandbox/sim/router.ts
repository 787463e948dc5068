/** Finds what is registered for a method and a path; `:name` in a pattern takes one segment. */
export class Router<T> {
  #routes: { method: string; segments: string[]; value: T }[] = [];

  add(method: string, pattern: string, value: T): void {
    this.#routes.push({ method, segments: pattern.split('/'), value });
  }

  find(method: string, path: string): { value: T; params: Record<string, string> } | undefined {
    const parts = path.split('/');
    for (const { method: wanted, segments, value } of this.#routes) {
      if (wanted !== method || segments.length !== parts.length) continue;
      const params: Record<string, string> = {};
      const fits = segments.every((segment, index) => {
        const part = parts[index] ?? '';
        if (!segment.startsWith(':')) return segment === part;
        params[segment.slice(1)] = decodeURIComponent(part);
        return part !== '';
      });
      if (fits) return { value, params };
    }
    return undefined;
  }
}
