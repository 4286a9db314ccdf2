// The Node engine of Flagsmith's SDK as a child process of the measurements. Reads a JSON command a line, answers with a
// JSON line: {"load": {"document", "identities"}} reads and maps a document file and a file of identities,
// {"evaluate": passes} evaluates all flags of every identity so often. Both answer in seconds.
// Called with the folder in which the SDK is installed.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const engine = join(process.argv[2], 'node_modules/flagsmith-nodejs/build/esm/flagsmith-engine');
const load = (path) => import(pathToFileURL(join(engine, path)));
const { getEvaluationResult } = await load('index.js');
const { getEvaluationContext } = await load('evaluation/evaluationContext/mappers.js');
const { buildEnvironmentModel } = await load('environments/util.js');

const documents = new Map();

function read(name, { document, identities }) {
    const text = readFileSync(document, 'utf8');
    const people = readFileSync(identities, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    const started = process.hrtime.bigint();
    const environment = buildEnvironmentModel(JSON.parse(text));
    const context = getEvaluationContext(environment, undefined, undefined, true);
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    // The SDK maps the whole environment anew for every identity; here the mapping is kept, in the peer's favour.
    const contexts = people.map(({ identifier, traits }) => ({ ...context, identity: { identifier, traits } }));
    documents.set(name, contexts);
    return { seconds };
}

function evaluate(name, passes) {
    const contexts = documents.get(name);
    let enabled = 0;
    const started = process.hrtime.bigint();
    for (let pass = 0; pass < passes; pass += 1) {
        for (const context of contexts) {
            const { flags } = getEvaluationResult(context);
            for (const flag of Object.values(flags)) enabled += flag.enabled ? 1 : 0;
        }
    }
    return { seconds: Number(process.hrtime.bigint() - started) / 1e9, enabled };
}

for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    const answer = command.load ? read(command.name, command.load) : evaluate(command.name, command.evaluate);
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}
