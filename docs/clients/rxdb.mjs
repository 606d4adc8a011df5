// Keeps RxDB collections, each named after a kind of Haven, in sync with a Haven server. To be pasted into an app.
import { replicateRxCollection } from 'rxdb/plugins/replication';
import { Observable, share } from 'rxjs';

// What `addCollections` takes, of the answer of /v1/rxdb/schemas. When the app is updated, documents stay as they are:
// what is new in them comes with the next pull.
export function havenCollections({ collections }) {
    const asItIs = (document) => document;
    const strategies = ({ version }) => Array.from({ length: version }, (_, nth) => [nth + 1, asItIs]);
    const made = ([kind, schema]) => [kind, { schema, migrationStrategies: Object.fromEntries(strategies(schema)) }];
    return Object.fromEntries(Object.entries(collections).map(made));
}

// `storage` has getItem and setItem, as localStorage and React Native's AsyncStorage have. `options` may hold another
// `fetch`, whose answers can be read while they come, and whatever else RxDB takes.
export function haven({ server, token, schema, storage, batchSize = 100, retryTime = 5_000, ...options }) {
    const { fetch = globalThis.fetch, ...others } = options;
    const ask = async (path, request) => {
        const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
        const answer = await fetch(server + path, { ...request, headers });
        if (answer.ok) return answer;
        const { type, detail } = await answer.json().catch(() => ({}));
        const message = detail ?? `The server answered ${answer.status}.`;
        throw Object.assign(new Error(message), { code: type, status: answer.status });
    };

    const hints$ = new Observable((replications) => {
        const ended = new AbortController();
        const listen = async () => {
            const { body } = await ask('/v1/live', { signal: ended.signal });
            const reader = body.getReader();
            const text = new TextDecoder();
            for (let rest = ''; ; ) {
                const silence = setTimeout(() => reader.cancel(), 60_000); // something comes every 20 seconds
                const { done, value } = await reader.read().finally(() => clearTimeout(silence));
                if (done) return;
                const lines = (rest + text.decode(value, { stream: true })).split('\n');
                rest = lines.pop();
                // A stream begins with hints, for what happened while nobody listened.
                if (lines.includes('event: hint')) replications.next('RESYNC');
                if (lines.includes('data: {"why":"replaced"}')) ended.abort(); // this device listens elsewhere
            }
        };
        const later = (problem) => {
            if (ended.signal.aborted || problem?.status === 401) return; // it takes another token
            setTimeout(() => ended.signal.aborted || listen().then(later, later), retryTime * (1 + Math.random()));
        };
        listen().then(later, later);
        return () => ended.abort();
    }).pipe(share()); // one stream for all collections: a device has few

    return async function replicate(collection) {
        const path = (what) => `/v1/rxdb/${collection.name}/${what}?schema=${schema}`;
        const place = `haven-life-${collection.database.name}-${collection.name}`;
        const pushes = new Map(); // those under way, with the ids of their documents
        const pulls = new Set(); // likewise: of each, the ids of what was being pushed meanwhile
        let current = begin(Number(await storage.getItem(place)));

        function begin(life) {
            const asked = async (...request) => {
                try {
                    return await (await ask(...request)).json();
                } catch (problem) {
                    if (problem.code?.endsWith('epoch_changed') && !replication.isStopped()) await beginAnew();
                    throw problem;
                }
            };
            // The server has gone back in time. To a new replication all that this device holds is news for the server.
            const beginAnew = async () => {
                await storage.setItem(place, `${life + 1}`);
                if (current !== replication) return; // of a pull and a push that are told at once, one was first
                current = begin(life + 1);
                await replication.remove();
            };
            const replication = replicateRxCollection({
                ...others,
                collection,
                retryTime,
                replicationIdentifier: `${server} ${life}`,
                pull: {
                    batchSize,
                    stream$: hints$,
                    handler: async (checkpoint, limit) => {
                        const after = checkpoint?.c ? `&checkpoint=${encodeURIComponent(checkpoint.c)}` : '';
                        const pushed = new Set([...pushes.values()].flat());
                        pulls.add(pushed);
                        const pull = asked(`${path('pull')}&limit=${limit}${after}`);
                        const page = await pull.finally(() => pulls.delete(pushed));
                        const documents = page.documents.filter(({ id }) => !pushed.has(id));
                        if (documents.length === page.documents.length) return page;
                        // RxDB would pass over these, or lay them over the newer answer to their push. They come again.
                        Promise.allSettled(pushes.keys()).then(() => replication.reSync());
                        return { documents, checkpoint };
                    },
                },
                push: {
                    batchSize: 20, // so many of the longest records fit into one request
                    handler: (rows) => {
                        const ids = rows.map(({ newDocumentState }) => newDocumentState.id);
                        const push = asked(path('push'), { method: 'POST', body: JSON.stringify(rows) });
                        pushes.set(push, ids);
                        for (const pushed of pulls) ids.forEach((id) => pushed.add(id));
                        return push.finally(() => pushes.delete(push));
                    },
                },
            });
            return replication;
        }

        return { get replication() { return current; } };
    };
}
