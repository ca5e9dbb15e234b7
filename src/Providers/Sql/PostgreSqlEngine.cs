using System.Data.Common;
using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.PostgreSql;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Sql;

/// <summary>A PostgreSQL server.</summary>
internal sealed class PostgreSqlEngine(PostgreSqlServerOptions options, TimeSpan lockTimeout, ISecretReferences secrets) : ISqlEngine
{
    private readonly PostgreSqlConnector connector = new(options, secrets);

    public string Place => $"{options.Host}:{options.Port}/{options.Database}";

    public async Task<DbConnection> OpenAsync(bool forWriting, CancellationToken cancellationToken) => await connector.OpenAsync(cancellationToken);

    public async Task<DbTransaction> BeginAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"SET LOCAL lock_timeout = {(long)lockTimeout.TotalMilliseconds}");
        await command.ExecuteNonQueryAsync(cancellationToken);
        return transaction;
    }

    /// <summary>The plan of each statement has checked the rights already, and is made on a server that takes no changes, too.</summary>
    public Task<VerificationCheck> TryWritingAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancellationToken) =>
        PostgreSqlPrimary.CheckAsync(connector, (NpgsqlConnection)connection, cancellationToken);

    /// <summary>Without a type of its own, so that a key may be a number, a UUID or a text, and its index is used.</summary>
    public void AddText(DbCommand command, string name, string value) => ((NpgsqlCommand)command).Parameters.Add(new NpgsqlParameter(name, NpgsqlDbType.Unknown) { Value = value });

    public bool IsExpected(Exception exception) => PostgreSqlFailures.IsExpected(exception);

    public DeliveryOutcome Classify(Exception exception, bool mayHaveWritten) => PostgreSqlFailures.Classify(exception, mayHaveWritten, connector.LastCertificateFault, Classify);

    public ValueTask DisposeAsync() => connector.DisposeAsync();

    internal static DeliveryOutcome? Classify(PostgresException answer, string reason) => answer.SqlState switch
    {
        PostgresErrorCodes.InsufficientPrivilege => new DeliveryOutcome.TargetMisconfigured($"{reason} The service needs SELECT on the table and UPDATE on the columns it writes."),
        PostgresErrorCodes.LockNotAvailable => new DeliveryOutcome.Transient($"{reason} Another transaction has the row for longer than lockTimeout."),
        PostgresErrorCodes.RaiseException => new DeliveryOutcome.TargetMisconfigured(reason),

        // A text that is not of the key's type belongs to no account.
        PostgresErrorCodes.InvalidTextRepresentation => new DeliveryOutcome.AccountNotFound(reason),

        // Classes 22, 23 and 42: data, constraints, and names or syntax that do not fit the table.
        ['2', '2' or '3', ..] or ['4', '2', ..] => new DeliveryOutcome.TargetMisconfigured(reason),
        _ => null,
    };
}
