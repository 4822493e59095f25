--- The call that is measured: what it takes, and what the service answers.

local sample = {}

sample.keys = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" }

-- Of StartBackupJob.
sample.params = {
  BackupVaultName = "Default",
  ResourceArn = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders",
  IamRoleArn = "arn:aws:iam::123456789012:role/service-role/AWSBackupDefaultServiceRole",
  IdempotencyToken = "0b3f0c0c-7d5c-4a53-9a55-0d2f6a2f9f10",
  StartWindowMinutes = 480, CompleteWindowMinutes = 10080,
  Lifecycle = { MoveToColdStorageAfterDays = 30, DeleteAfterDays = 120 },
  RecoveryPointTags = { change = "CHG-1234", owner = "storage" },
}

return sample
