using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;

namespace PasswordSync.Journal.Sqlite.Operations;

/// <inheritdoc cref="IOperationsStore"/>
internal sealed class SqliteOperations(SqliteEngine engine, SqliteInbox inbox) : IOperationsStore
{
    public IOperationsQueries Queries { get; } = new SqliteOperationsQueries(engine, inbox);

    public IAuditLog Audit { get; } = new SqliteAuditLog(engine);

    public IOperatorRegister Operators { get; } = new SqliteOperatorRegister(engine);

    public IPointSwitches Points { get; } = new SqlitePointSwitches(engine);

    public IControllerNames Controllers { get; } = new SqliteControllerNames(engine);
}
