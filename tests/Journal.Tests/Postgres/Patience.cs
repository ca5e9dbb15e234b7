using PasswordSync.Journal.Postgres;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>For tests that are not about time-outs: what a busy machine takes is no trouble of the database.</summary>
internal static class Patience
{
    /// <summary>As long as any test waits for anything.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromMinutes(5);

    /// <summary>With the longest times there are. Of the expiry, a part is how long a session may wait for a lock, or stand still within a transaction.</summary>
    public static PostgresStoreOptions Patient(this PostgresStoreOptions options) => options with { CommandTimeout = Bound, ConnectTimeout = Bound, Expiry = PostgresStoreOptions.ExpiryMax };
}
