using Microsoft.Data.Sqlite;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Providers.Sql;

/// <summary>
/// What SQLite's primary result codes (https://sqlite.org/rescode.html) mean for a delivery. Its messages hold names of tables and columns,
/// never values: values travel as parameters.
/// </summary>
internal static class SqliteFailures
{
    private const int Error = 1, Permission = 3, Busy = 5, Locked = 6, ReadOnly = 8, Corrupt = 11, Full = 13, CannotOpen = 14, Constraint = 19, Mismatch = 20, NotADatabase = 26;

    public static DeliveryOutcome BeforeWrite(SqliteException e) => e.SqliteErrorCode switch
    {
        Busy or Locked => new DeliveryOutcome.Transient($"Another writer has the database for longer than lockTimeout. {e.Message}"),
        Error or Permission or ReadOnly or Corrupt or CannotOpen or Constraint or Mismatch or NotADatabase => new DeliveryOutcome.TargetMisconfigured(e.Message),
        _ => new DeliveryOutcome.Transient(e.Message),
    };

    /// <summary>Every refusal of SQLite rolls the transaction back, but an error of the disk while committing leaves it open what the file holds.</summary>
    public static DeliveryOutcome AfterWriteBegan(SqliteException e) => e.SqliteErrorCode switch
    {
        Busy or Locked or Full or Error or ReadOnly or Constraint or Mismatch => BeforeWrite(e),
        _ => new DeliveryOutcome.Unknown($"SQLite failed while it wrote. {e.Message}"),
    };
}
