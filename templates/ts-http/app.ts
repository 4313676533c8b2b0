// Answers HTTP requests: `GET /` and `GET /?name=Ada`.

addEventListener('fetch', (event) => {
  const fetched = event as FetchEvent;
  fetched.respondWith(answer(fetched.request));
});

/** The response to a request, by the web's own classes. */
export async function answer(request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname !== '/') {
    return new Response('nothing is here\n', { status: 404 });
  }
  const name = url.searchParams.get('name') ?? 'world';
  return new Response(`Hello, ${name}!\n`, { headers: { 'content-type': 'text/plain; charset=utf-8' } });
}
