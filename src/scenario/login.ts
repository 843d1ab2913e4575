// This file hides logins: scenarios are copied into checkpoints, logged and shared; the login in an address must not
// be.

/** The address without a user and password in it. */
export function withoutLogin(uri: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(uri)) return uri
  if (!URL.canParse(uri)) return withoutAt(uri)
  const url = new URL(uri)
  if (!url.username && !url.password) return uri
  url.username = url.password = ''
  return url.href
}

/** The text of a scenario without a user and password in any address, whatever characters a tracking URI has in them. */
export function withoutLogins(text: string): string {
  return text
    .split('\n')
    .map((line) => (line.includes('tracking_uri') ? withoutAt(line) : line))
    .join('\n')
    .replace(/(:\/\/)[^\s/?#]*@/g, '$1')
}

/** Removes the text between the first :// and the last @ behind it. */
function withoutAt(line: string): string {
  const scheme = line.indexOf('://')
  const at = line.lastIndexOf('@')
  return scheme < 0 || at < scheme ? line : line.slice(0, scheme + 3) + line.slice(at + 1)
}
