'use strict';
// BullMQ on Redis: `bullmq_redis.js PORT`.
//
// Tuned for 2 cores, of which redis-server uses one: one Node process for producer and worker, so that Node does not
// compete with Redis for the second core; addBulk in lots of 500 (one pipeline); a worker concurrency of 100, so
// that fetches and completions share round trips; completed jobs and their results are kept.

const { Queue, Worker } = require('bullmq');
const { PAYLOAD, Progress, serve, now } = require('./protocol.js');

const BULK = 500;
const CONCURRENCY = 100;

const connection = { host: '127.0.0.1', port: Number(process.argv[2]), maxRetriesPerRequest: null };
const progress = new Progress();
const queue = new Queue('bench', { connection });
let worker = null;
let began = () => {};

serve(
  {
    open: () => queue.waitUntilReady(),
    async startWorkers() {
      const handler = async () => {
        began(now());
        return true;
      };
      worker = new Worker('bench', handler, { connection, concurrency: CONCURRENCY });
      worker.on('completed', () => progress.finished());
      await worker.waitUntilReady();
    },
    stopWorkers: () => worker.close(),
    async enqueue(jobs) {
      for (let sent = 0; sent < jobs; sent += BULK) {
        const lot = Array.from({ length: Math.min(BULK, jobs - sent) }, () => ({ name: 'noop', data: PAYLOAD }));
        await queue.addBulk(lot);
      }
    },
    async latency() {
      const ran = new Promise((resolve) => (began = resolve));
      const start = now();
      await queue.add('noop', PAYLOAD);
      return (await ran) - start;
    },
    kept: () => queue.getCompletedCount(),
    close: () => queue.close(),
  },
  progress,
);
