// Calls of the API, by the page's own origin, with our cookies.

// The service said no: what it said, which of the fields it meant, and after how many seconds it may be asked again.
export class Refused extends Error {
  constructor({ code, detail, errors = [] }, wait) {
    super(detail);
    Object.assign(this, { code, errors, wait });
  }
}

// Nobody answered.
export class Away extends Error {}

export async function call(service, language, path, body) {
  let answer, said;
  try {
    answer = await fetch(`${service}/api/v1${path}`, {
      method: body ? "POST" : "GET",
      credentials: "include",
      headers: { "Accept-Language": language, ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
    said = await answer.json();
  } catch (cause) {
    throw new Away(path, { cause });
  }
  if (!answer.ok) throw new Refused(said, Number(answer.headers.get("Retry-After")));
  return said;
}
