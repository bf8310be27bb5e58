'use strict';
// bee-queue on Redis: `bee_queue_redis.js PORT`.
//
// Tuned for 2 cores as BullMQ is: one Node process, saveAll in lots of 500, a concurrency of 100; job events are off
// (nobody waits for them here). Succeeded jobs stay in Redis with their status; bee-queue keeps no return value, so
// it stores less than the others.

const Queue = require('bee-queue');
const { PAYLOAD, Progress, serve, now } = require('./protocol.js');

const BULK = 500;
const CONCURRENCY = 100;

const settings = {
  redis: { host: '127.0.0.1', port: Number(process.argv[2]) },
  removeOnSuccess: false,
  sendEvents: false,
  getEvents: false,
  storeJobs: false,
};
const progress = new Progress();
const producer = new Queue('bench', { ...settings, isWorker: false });
let worker = null;
let began = () => {};

serve(
  {
    open: () => producer.ready(),
    async startWorkers() {
      worker = new Queue('bench', settings);
      await worker.ready();
      worker.process(CONCURRENCY, async () => {
        began(now());
        return true;
      });
      worker.on('succeeded', () => progress.finished());
    },
    stopWorkers: () => worker.close(),
    async enqueue(jobs) {
      for (let sent = 0; sent < jobs; sent += BULK) {
        const lot = Array.from({ length: Math.min(BULK, jobs - sent) }, () => producer.createJob(PAYLOAD));
        const failures = await producer.saveAll(lot);
        if (failures.size) throw new Error(`${failures.size} jobs were not saved`);
      }
    },
    async latency() {
      const ran = new Promise((resolve) => (began = resolve));
      const start = now();
      await producer.createJob(PAYLOAD).save();
      return (await ran) - start;
    },
    kept: async () => (await producer.checkHealth()).succeeded,
    close: () => producer.close(),
  },
  progress,
);
