// The other services by the JavaScript SDK, which picks its own protocol for each. Prints what they answered.
import {
  CloudWatchClient,
  GetMetricStatisticsCommand,
  PutMetricDataCommand,
  paginateListMetrics,
} from "@aws-sdk/client-cloudwatch";
import { InvokeCommand, LambdaClient, paginateListFunctions } from "@aws-sdk/client-lambda";
import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  ResourceNotFoundException,
  SchedulerClient,
} from "@aws-sdk/client-scheduler";
import { GetQueueUrlCommand, QueueDoesNotExist, SQSClient } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const name = process.argv[2];
const seen = {};

seen.account = (await new STSClient().send(new GetCallerIdentityCommand())).Account;

const functions = new LambdaClient();
const invoke = (data) =>
  functions.send(new InvokeCommand({ FunctionName: "jobyard-hello", Payload: JSON.stringify(data) }));
seen.greeting = JSON.parse((await invoke({ name: "Ada" })).Payload.transformToString());
seen.failure = (await invoke({ name: "Ada", failures: 9 })).FunctionError;
seen.functions = [];
for await (const page of paginateListFunctions({ client: functions, pageSize: 1 }, {})) {
  seen.functions.push(page.Functions[0].FunctionName);
}

const cloudwatch = new CloudWatchClient();
const now = new Date();
const data = { MetricName: "Sold", Unit: "Count", Timestamp: now, Values: [1, 2, 6], Counts: [1, 1, 2] };
await cloudwatch.send(new PutMetricDataCommand({ Namespace: name, MetricData: [data] }));
const { Datapoints } = await cloudwatch.send(
  new GetMetricStatisticsCommand({
    Namespace: name,
    MetricName: "Sold",
    Period: 60,
    Statistics: ["Sum", "Maximum"],
    StartTime: new Date(now.getTime() - 300_000),
    EndTime: new Date(now.getTime() + 300_000),
  }),
);
seen.points = Datapoints.map((point) => [point.Sum, point.Maximum, point.Timestamp instanceof Date]);
seen.metrics = [];
for await (const page of paginateListMetrics({ client: cloudwatch }, { Namespace: name })) {
  seen.metrics.push(...page.Metrics.map((metric) => metric.MetricName));
}

const scheduler = new SchedulerClient();
await scheduler.send(
  new CreateScheduleCommand({
    Name: name,
    ScheduleExpression: "rate(1 hour)",
    FlexibleTimeWindow: { Mode: "OFF" },
    State: "DISABLED",
    Target: {
      Arn: "arn:aws:sqs:us-east-1:000000000000:jobyard-hello",
      RoleArn: "arn:aws:iam::000000000000:role/any",
    },
  }),
);
const schedule = await scheduler.send(new GetScheduleCommand({ Name: name }));
seen.schedule = [schedule.ScheduleExpression, schedule.CreationDate instanceof Date];
await scheduler.send(new DeleteScheduleCommand({ Name: name }));

const statusOf = (call, Refusal) =>
  call.then(
    () => "done",
    (error) => error instanceof Refusal && error.$metadata.httpStatusCode,
  );
seen.noSchedule = await statusOf(scheduler.send(new GetScheduleCommand({ Name: name })), ResourceNotFoundException);
seen.noQueue = await statusOf(new SQSClient().send(new GetQueueUrlCommand({ QueueName: name })), QueueDoesNotExist);

console.log(JSON.stringify(seen));
