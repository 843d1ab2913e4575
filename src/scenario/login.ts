// What a scenario says is copied into checkpoints, logged and shared; the login in an address must not be.

/** The address without a user and password in it. */
export function withoutLogin(uri: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(uri)) return uri
  if (!URL.canParse(uri)) return uri.replace(AFTER_SCHEME, '$1')
  const url = new URL(uri)
  if (!url.username && !url.password) return uri
  url.username = url.password = ''
  return url.href
}

/** The text of a scenario without a user and password in any address, whatever characters a tracking URI has in them. */
export function withoutLogins(text: string): string {
  return text
    .replace(/^.*tracking_uri.*$/gm, (line) => line.replace(AFTER_SCHEME, '$1'))
    .replace(/(:\/\/)[^\s/?#]*@/g, '$1')
}

const AFTER_SCHEME = /(:\/\/).*@/
