/** Why a text is no address of a site, in one sentence; undefined when it is one. The server has the last word. */
export function siteAddressFault(text: string): string | undefined {
  const typed = text.trim();
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(typed) ? typed : `https://${typed}`;
  if (typed === "" || !URL.canParse(whole)) return "An address such as https://docs.example.org/guide/";
  const { protocol, username, password } = new URL(whole);
  if (protocol !== "https:" && protocol !== "http:") return "Only http and https sites are fetched.";
  if (username || password) return "Only pages that anyone may read are fetched; leave the name and password out.";
  return undefined;
}
