using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;

namespace PasswordSync.Journal.Postgres.Operations;

/// <inheritdoc cref="IOperationsStore"/>
internal sealed class PostgresOperations(PostgresDatabase database, PostgresInbox inbox) : IOperationsStore
{
    public IOperationsQueries Queries { get; } = new PostgresOperationsQueries(database, inbox);

    public IAuditLog Audit { get; } = new PostgresAuditLog(database);

    public IOperatorRegister Operators { get; } = new PostgresOperatorRegister(database);

    public IPointSwitches Points { get; } = new PostgresPointSwitches(database);

    public IControllerNames Controllers { get; } = new PostgresControllerNames(database);
}
