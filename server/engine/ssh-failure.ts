/** What ssh says when it fails itself, and what that means, the more telling first. */
const failures: readonly [RegExp, (host: string) => string][] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED|host key for .* has changed/i,
    (host) =>
      `${host} has another key than the one that this machine knows; find out why before you go on (ssh ${host}).`,
  ],
  [
    /Host key verification failed|No .* host key is known/i,
    (host) => `This machine does not know the key of ${host}; run ssh ${host} once by hand and confirm it.`,
  ],
  [
    /Permission denied|Too many authentication failures|no mutual signature/i,
    (host) =>
      `${host} does not let this user in; give it your public key (ssh-copy-id ${host}), or load a key with a passphrase (ssh-add).`,
  ],
  [
    /Could not resolve hostname/i,
    (host) => `${host} is not the name of a machine that can be found; check it, or name it in ~/.ssh/config.`,
  ],
  [
    /Connection refused|timed out|No route to host|Network is unreachable/i,
    (host) => `${host} cannot be reached by ssh; start its ssh server, or check its name and port in ~/.ssh/config.`,
  ],
  [
    /cannot listen to port|Could not request local forwarding/i,
    () => "The port of the tunnel is taken on this machine; choose another with --local-port.",
  ],
  [
    /administratively prohibited|forwarding (?:is )?disabled/i,
    (host) => `${host} allows no tunnels; start a proxy there instead (searchlight trainer proxy).`,
  ],
];

/** The exit code of ssh where it failed itself, and not what it ran. */
export const sshFailed = 255;

/** What ssh's own words mean, as a sentence with a way out; undefined for words that say nothing known. */
export function sshFailure(host: string, said: string): string | undefined {
  return failures.find(([words]) => words.test(said))?.[1](host);
}
