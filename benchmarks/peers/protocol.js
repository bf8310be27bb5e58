'use strict';
// The line protocol between the frame and a contestant written for Node; `protocol.py` says what each command means.
// A contestant has open, startWorkers, stopWorkers, enqueue(n), latency() -> seconds, kept(), close, and counts each
// job whose end is stored with `progress.finished()`.

const readline = require('node:readline');

// Bytes of the payload as compact JSON, as in payload.py.
const PAYLOAD_BYTES = 200;
const PAYLOAD = { text: 'x'.repeat(PAYLOAD_BYTES - '{"text":""}'.length) };

// Milliseconds of rest before each latency sample, as in protocol.py.
const REST = [10, 30];

const say = (answer) => process.stdout.write(JSON.stringify(answer) + '\n');
const now = () => Number(process.hrtime.bigint()) / 1e9;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class Progress {
  constructor() {
    this.done = 0;
    this.target = Infinity;
    this.reached = () => {};
  }
  finished() {
    if (++this.done >= this.target) {
      this.target = Infinity;
      this.reached();
    }
  }
  until(count) {
    if (this.done >= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.target = count;
      this.reached = resolve;
    });
  }
}

async function serve(contestant, progress) {
  await contestant.open();
  say({ ready: true });
  let running = false;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [command, argument] = line.split(' ');
    const jobs = Number(argument);
    if (['both', 'latency'].includes(command) && !running) {
      await contestant.startWorkers();
      running = true;
    }
    const before = progress.done;
    if (command === 'enqueue') {
      say({ start: true });
      const began = now();
      await contestant.enqueue(jobs);
      say({ stop: true, jobs, seconds: now() - began });
    } else if (command === 'drain') {
      running = true;
      const firstDone = progress.until(before + 1);
      await contestant.startWorkers();
      await firstDone;
      const first = progress.done - before;
      say({ start: true });
      const began = now();
      await progress.until(before + jobs);
      say({ stop: true, jobs: jobs - first, seconds: now() - began });
    } else if (command === 'both') {
      say({ start: true });
      const began = now();
      await contestant.enqueue(jobs);
      await progress.until(before + jobs);
      say({ stop: true, jobs, seconds: now() - began });
    } else if (command === 'latency') {
      const latency = [];
      for (let number = 1; number <= jobs; number++) {
        await sleep(REST[0] + Math.random() * (REST[1] - REST[0]));
        latency.push(await contestant.latency());
        await progress.until(before + number);
      }
      say({ latency });
    } else if (command === 'pause') {
      await contestant.stopWorkers();
      running = false;
      say({ paused: true });
    } else {
      break;
    }
  }
  say({ kept: await contestant.kept() });
  if (running) await contestant.stopWorkers();
  await contestant.close();
  process.exit(0);
}

module.exports = { PAYLOAD, Progress, serve, now };
