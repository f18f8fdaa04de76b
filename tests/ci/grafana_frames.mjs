// grafana_frames.mjs FOLDER FILE: read a snapshot's frames with Grafana's own code, print them as JSON.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const [folder, file] = process.argv.slice(2);
const { dataFrameFromJSON } = createRequire(path.join(folder, 'x.js'))('@grafana/data');

const panels = JSON.parse(readFileSync(file, 'utf8')).panels.flatMap((one) => [one, ...(one.panels ?? [])]);
const read = panels
  .filter((panel) => panel.targets)
  .map((panel) => ({
    title: panel.title,
    frames: panel.targets[0].snapshot.map((frame) => {
      const { fields, length } = dataFrameFromJSON(frame);
      return {
        length,
        fields: fields.map(({ name, type, labels = {}, values }) => ({
          name,
          type,
          labels,
          values: Array.from(values, (value) => value ?? null),
        })),
      };
    }),
  }));
process.stdout.write(JSON.stringify(read));
