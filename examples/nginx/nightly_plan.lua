--- What is backed up each night, and when.

local ROLE = "arn:aws:iam::123456789012:role/service-role/AWSBackupDefaultServiceRole"

return {
  -- Between these times of day, UTC, as soon as a worker looks at the clock.
  from = "01:00", before = "05:00",
  look_seconds = 30,
  -- How many calls are under way at a time.
  at_once = 8,

  -- Members of StartBackupJob.
  jobs = {
    {
      ResourceArn = "arn:aws:dynamodb:us-east-1:123456789012:table/orders",
      BackupVaultName = "Default", IamRoleArn = ROLE,
      Lifecycle = { DeleteAfterDays = 35 },
    },
    {
      ResourceArn = "arn:aws:ec2:us-east-1:123456789012:volume/vol-0abcd1234abcd1234",
      BackupVaultName = "Default", IamRoleArn = ROLE,
      Lifecycle = { DeleteAfterDays = 35 },
    },
  },
}
