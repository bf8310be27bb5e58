// @ts-check
// A job with what its page tells besides: what its type says of it, and how far its flow is. One request after the other.

import { call, flowPath, jobPath, jobTypes } from "./api.js";

/**
 * The job as the API has it, with `level`, the name of its level of priority or null, `sensitive`, whether its type says
 * that nobody shall see it by chance, and `flow`, or null if it is in none, or that is forgotten.
 * @param {string} id
 * @param {AbortSignal} signal
 * @returns {Promise<import("./api.js").Answer>}
 */
export async function readJob(id, signal) {
  const answer = await call(jobPath(id), { signal });
  const job = answer.value;
  const options = (await jobTypes()).find(({ name }) => name === job.type)?.options;
  const level = options?.priorities?.find(
    (/** @type {any} */ { first, last }) => first <= job.priority && job.priority <= last,
  );
  const flow = job.flowId === null ? null : await call(`${flowPath(job.flowId)}?steps=1`, { signal, good: [404] });
  return {
    text: answer.text + (flow?.text ?? ""),
    status: answer.status,
    value: {
      ...job,
      level: level?.name ?? null,
      sensitive: Boolean(options?.sensitive),
      flow: flow?.status === 200 ? flow.value : null,
    },
  };
}
