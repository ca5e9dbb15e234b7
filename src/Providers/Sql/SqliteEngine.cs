using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;

namespace PasswordSync.Providers.Sql;

/// <summary>A SQLite file. It works synchronously: whoever calls does so off the caller's thread.</summary>
internal sealed class SqliteEngine(string file, TimeSpan lockTimeout) : ISqlEngine
{
    public string Place => file;

    public Task<DbConnection> OpenAsync(bool forWriting, CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = file,
            Mode = forWriting ? SqliteOpenMode.ReadWrite : SqliteOpenMode.ReadOnly,
            DefaultTimeout = (int)Math.Ceiling(lockTimeout.TotalSeconds),
            Pooling = false,
        }.ToString());
        try
        {
            connection.Open();
            return Task.FromResult<DbConnection>(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// A file that the system protects is opened for reading only, without a word (https://sqlite.org/c3ref/open.html), and transactions begin all the same. Writing the
    /// first page, here a number that is the application's own and stays, needs the file, and its folder for the journal.
    /// </summary>
    public async Task<VerificationCheck> TryWritingAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "PRAGMA user_version";
        var version = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {version}");
        await command.ExecuteNonQueryAsync(cancellationToken);
        return VerificationCheck.Passed("rights", "A transaction can write.");
    }

    /// <summary>Takes the write lock at once: waiting for it later may take us past the deadline.</summary>
    public Task<DbTransaction> BeginAsync(DbConnection connection, CancellationToken cancellationToken) =>
        Task.FromResult<DbTransaction>(((SqliteConnection)connection).BeginTransaction(deferred: false));

    public void AddText(DbCommand command, string name, string value) => ((SqliteCommand)command).Parameters.AddWithValue("@" + name, value);

    public bool IsExpected(Exception exception) => exception is SqliteException;

    public DeliveryOutcome Classify(Exception exception, bool mayHaveWritten) =>
        mayHaveWritten ? SqliteFailures.AfterWriteBegan((SqliteException)exception) : SqliteFailures.BeforeWrite((SqliteException)exception);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
