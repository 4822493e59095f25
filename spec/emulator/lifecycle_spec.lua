local lifecycle = require "aws.backup.emulator.lifecycle"

describe("a lifecycle", function()
  local BOUNDS = "Invalid lifecycle. DeleteAfterDays cannot be less than 1 or more than 36500 days"

  it("is taken where it keeps the rules", function()
    for _, given in ipairs {
      {}, { DeleteAfterDays = 1 }, { DeleteAfterDays = 36500 }, { DeleteAfterDays = -1 },
      { MoveToColdStorageAfterDays = 1 }, { MoveToColdStorageAfterDays = 30, DeleteAfterDays = 120 },
      { MoveToColdStorageAfterDays = 0, DeleteAfterDays = 5 },
      { MoveToColdStorageAfterDays = -1, DeleteAfterDays = -1 },
      { MoveToColdStorageAfterDays = 30, DeleteAfterDays = -1 },
    } do
      assert.is_true(lifecycle.check(given))
    end
    assert.is_true(lifecycle.check(nil))
  end)

  it("is refused in the service's own words", function()
    local function refused(given, text)
      local fine, message = lifecycle.check(given)
      assert.is_nil(fine)
      assert.are.equal(text, message)
    end
    refused({ DeleteAfterDays = 0 }, BOUNDS)
    refused({ DeleteAfterDays = 36501 }, BOUNDS)
    refused({ DeleteAfterDays = -2 }, BOUNDS)
    refused({ MoveToColdStorageAfterDays = 36501 },
      "Invalid lifecycle. MoveToColdStorageAfterDays cannot be less than 1 or more than 36500 days")
    refused({ MoveToColdStorageAfterDays = 30, DeleteAfterDays = 119 },
      "Invalid lifecycle. DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays")
  end)

  it("keeps the move to cold storage only for types that have one", function()
    local given = { MoveToColdStorageAfterDays = 30, DeleteAfterDays = 120 }
    assert.are.same(given, lifecycle.effective(given, { cold = true }))
    assert.are.same({ DeleteAfterDays = 120 }, lifecycle.effective(given, {}))
    assert.are.same({ DeleteAfterDays = 120 }, lifecycle.effective(given, { cold = "opt_in" }))
    given.OptInToArchiveForSupportedResources = true
    assert.are.same(given, lifecycle.effective(given, { cold = "opt_in" }))
  end)

  it("does not echo what is not set", function()
    assert.are.same({ DeleteAfterDays = 7 },
      lifecycle.effective({ MoveToColdStorageAfterDays = 0, DeleteAfterDays = 7 }, { cold = true }))
    assert.is_nil(lifecycle.effective({ MoveToColdStorageAfterDays = -1, DeleteAfterDays = -1 }, { cold = true }))
    assert.is_nil(lifecycle.effective(nil, { cold = true }))
  end)

  it("acts a number of days after the creation, to the millisecond", function()
    assert.are.same({ MoveToColdStorageAt = 1000.5 + 30 * 86400, DeleteAt = 1000.5 + 120 * 86400 },
      lifecycle.calculate({ MoveToColdStorageAfterDays = 30, DeleteAfterDays = 120 }, 1000.5))
    assert.is_nil(lifecycle.calculate(nil, 1000))
    assert.is_nil(lifecycle.calculate({ OptInToArchiveForSupportedResources = true }, 1000))
  end)

  it("fits a locked vault only within its range, and for ever is beyond every range", function()
    local vault = { min_retention = 7, max_retention = 30 }
    assert.is_true(lifecycle.fits_vault({ DeleteAfterDays = 7 }, vault))
    assert.is_true(lifecycle.fits_vault({ DeleteAfterDays = 30 }, vault))
    assert.is_false(lifecycle.fits_vault({ DeleteAfterDays = 6 }, vault))
    assert.is_false(lifecycle.fits_vault({ DeleteAfterDays = 31 }, vault))
    assert.is_false(lifecycle.fits_vault(nil, vault))
    assert.is_true(lifecycle.fits_vault(nil, {}))
  end)
end)
