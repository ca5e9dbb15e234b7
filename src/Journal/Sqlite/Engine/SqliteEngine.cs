namespace PasswordSync.Journal.Sqlite.Engine;

/// <summary>What the stores of one database share: its options, the one writer and the readers.</summary>
internal sealed record SqliteEngine(SqliteStoreOptions Options, SqliteWriter Writer, SqliteReaders Readers)
{
    /// <summary>Writes in a commit shared with others; durable when the task ends.</summary>
    public ValueTask<T> WriteAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken) =>
        Writer.WriteAsync(work, operations: 1, insideTransaction: true, cancellationToken);

    /// <inheritdoc cref="SqliteReaders.ReadAsync"/>
    public ValueTask<T> ReadAsync<T>(Func<SqliteSession, T> read, CancellationToken cancellationToken) => Readers.ReadAsync(read, cancellationToken);
}
