// One call to a service of each protocol with the credentials of the environment. Prints the error's name and status.
import { CloudWatchClient, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const calls = {
  sqs: () => new SQSClient().send(new ListQueuesCommand()),
  dynamodb: () => new DynamoDBClient().send(new ListTablesCommand()),
  lambda: () => new LambdaClient().send(new ListFunctionsCommand()),
  cloudwatch: () => new CloudWatchClient().send(new ListMetricsCommand()),
  sts: () => new STSClient().send(new GetCallerIdentityCommand()),
};
const seen = {};
for (const [service, call] of Object.entries(calls)) {
  seen[service] = await call().then(() => "ok", (error) => [error.name, error.$metadata.httpStatusCode]);
}
console.log(JSON.stringify(seen));
