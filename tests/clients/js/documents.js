// The DynamoDB document client: values, conditions, batches, a transaction, pages. Prints what it saw.
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  TransactionCanceledException,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import {
  BatchWriteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  TransactWriteCommand,
  UpdateCommand,
  paginateQuery,
  paginateScan,
} from "@aws-sdk/lib-dynamodb";

const client = new DynamoDBClient();
const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
const TableName = process.argv[2];
const seen = {};

await client.send(
  new CreateTableCommand({
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: [
      { AttributeName: "customer", KeyType: "HASH" },
      { AttributeName: "number", KeyType: "RANGE" },
    ],
    AttributeDefinitions: [
      { AttributeName: "customer", AttributeType: "S" },
      { AttributeName: "number", AttributeType: "N" },
    ],
  }),
);
await waitUntilTableExists({ client, minDelay: 1, maxWaitTime: 10 }, { TableName });

const Key = { customer: "ada", number: 1 };
const values = {
  price: 1.25,
  tags: new Set(["red", "sweet"]),
  picture: new Uint8Array([0, 255]),
  paid: true,
  note: null,
  gone: undefined,
  lines: [{ fruit: "apple" }],
};
await documents.send(new PutCommand({ TableName, Item: { ...Key, ...values } }));
const { Item } = await documents.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
seen.item = { ...Item, tags: [...Item.tags].sort(), picture: [...Item.picture] };

const once = { TableName, Item: Key, ConditionExpression: "attribute_not_exists(customer)" };
try {
  await documents.send(new PutCommand({ ...once, ReturnValuesOnConditionCheckFailure: "ALL_OLD" }));
} catch (error) {
  const isRefusal = error instanceof ConditionalCheckFailedException;
  seen.refused = [isRefusal, error.$metadata.httpStatusCode, error.Item.price.N];
}
const update = {
  TableName,
  Key,
  UpdateExpression: "SET price = price + :more REMOVE note",
  ExpressionAttributeValues: { ":more": 1 },
  ReturnValues: "UPDATED_NEW",
};
seen.updated = (await documents.send(new UpdateCommand(update))).Attributes;
try {
  const second = { Put: { TableName, Item: { customer: "ada", number: 2 } } };
  await documents.send(new TransactWriteCommand({ TransactItems: [second, { Put: once }] }));
} catch (error) {
  const reasons = error.CancellationReasons.map((reason) => reason.Code);
  seen.cancelled = [error instanceof TransactionCanceledException, reasons];
}

const puts = Array.from({ length: 25 }, (_, number) => ({ PutRequest: { Item: { customer: "bob", number } } }));
const written = await documents.send(new BatchWriteCommand({ RequestItems: { [TableName]: puts } }));
seen.unprocessed = written.UnprocessedItems;
seen.pages = [];
const query = { TableName, KeyConditionExpression: "customer = :c", ExpressionAttributeValues: { ":c": "bob" } };
for await (const page of paginateQuery({ client: documents, pageSize: 10 }, query)) seen.pages.push(page.Count);
seen.scanned = 0;
for await (const page of paginateScan({ client: documents, pageSize: 7 }, { TableName })) {
  seen.scanned += page.Items.length;
}

await client.send(new DeleteTableCommand({ TableName }));
await waitUntilTableNotExists({ client, minDelay: 1, maxWaitTime: 10 }, { TableName });
console.log(JSON.stringify(seen));
