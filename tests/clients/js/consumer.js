// sqs-consumer on a queue with a dead-letter queue: heartbeats, and a message that fails twice. Prints what came of it.
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
  SendMessageBatchCommand,
} from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";

const sqs = new SQSClient();
const name = process.argv[2];

const { QueueUrl: buriedUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `${name}-buried` }));
const { Attributes } = await sqs.send(
  new GetQueueAttributesCommand({ QueueUrl: buriedUrl, AttributeNames: ["QueueArn"] }),
);
const redrive = { deadLetterTargetArn: Attributes.QueueArn, maxReceiveCount: 2 };
const { QueueUrl: queueUrl } = await sqs.send(
  new CreateQueueCommand({ QueueName: name, Attributes: { RedrivePolicy: JSON.stringify(redrive) } }),
);
const fruit = { DataType: "String", StringValue: "apple" };
await sqs.send(
  new SendMessageBatchCommand({
    QueueUrl: queueUrl,
    Entries: ["1", "2", "rotten", "3"].map((body) => ({ Id: body, MessageBody: body, MessageAttributes: { fruit } })),
  }),
);

const tries = { rotten: [] };
const handled = [];
let errors = 0;
const consumer = Consumer.create({
  queueUrl,
  sqs,
  batchSize: 10,
  visibilityTimeout: 10,
  heartbeatInterval: 0.05,
  waitTimeSeconds: 1,
  terminateVisibilityTimeout: true,
  messageSystemAttributeNames: ["ApproximateReceiveCount"],
  messageAttributeNames: ["All"],
  handleMessage: async (message) => {
    if (message.Body === "rotten") {
      tries.rotten.push(Number(message.Attributes.ApproximateReceiveCount));
      throw new Error("it is rotten");
    }
    await new Promise((done) => setTimeout(done, 200));
    handled.push([message.Body, message.MessageAttributes.fruit.StringValue]);
    return message;
  },
});
consumer.on("error", (error) => console.error(`error: ${error.message}`));
consumer.on("processing_error", () => {
  errors += 1;
});
consumer.on("empty", () => consumer.stop());
consumer.on("stopped", async () => {
  const left = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl }));
  const buried = await sqs.send(new ReceiveMessageCommand({ QueueUrl: buriedUrl, WaitTimeSeconds: 5 }));
  const letters = (buried.Messages ?? []).map((message) => message.Body);
  console.log(JSON.stringify({ handled: handled.sort(), tries, errors, left: left.Messages ?? [], letters }));
});
consumer.start();
