import { Store } from 'fermyon:spin/key-value@2.0.0';
import { get } from 'fermyon:spin/variables@2.0.0';

const encoder = new TextEncoder(), decoder = new TextDecoder();

function answer(path) {
    if (path === '/kv') {
        const store = Store.open('default');
        const count = Number(decoder.decode(store.get('count') ?? encoder.encode('0'))) + 1;
        store.set('count', encoder.encode(String(count)));
        return decoder.decode(store.get('count'));
    }
    return path === '/greeting' ? get('greeting') : 'Hello from JavaScript!';
}

addEventListener('fetch', (event) => {
    event.respondWith(new Response(answer(new URL(event.request.url).pathname)));
});
