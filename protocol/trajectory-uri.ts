/** Scheme of the text form of a trajectory: a read-only document that the extension shows and the language server describes. */
export const trajectoryScheme = "searchlight-trajectory";

/** ULID: ten characters of time and sixteen of chance. An id of any other form names no stored trajectory. */
const form = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** Address of a trajectory's text form, or undefined where the id is none that a store gives. */
export function trajectoryUri(id: string): string | undefined {
  return form.test(id) ? `${trajectoryScheme}:/${id}.trajectory` : undefined;
}

/** The id in such an address; undefined for every other. What it returns is a ULID and nothing else. */
export function trajectoryIdOf(uri: string): string | undefined {
  const [, id] = /^searchlight-trajectory:\/([^/]*)\.trajectory$/.exec(uri) ?? [];
  return id !== undefined && form.test(id) ? id : undefined;
}
