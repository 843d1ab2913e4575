// What a scenario says is copied into checkpoints, logged and shared; the login in an address must not be.

/** The address without a user and password in it. */
export function withoutLogin(uri: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(uri)) return uri
  if (!URL.canParse(uri)) return withoutLogins(uri)
  const url = new URL(uri)
  if (!url.username && !url.password) return uri
  url.username = url.password = ''
  return url.href
}

/** A text of lines, each without what stands between `://` and its last `@`. */
export function withoutLogins(text: string): string {
  return text.replace(/(:\/\/)[^\n]*@/g, '$1')
}
