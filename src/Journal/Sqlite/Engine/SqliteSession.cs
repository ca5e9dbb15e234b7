using System.Globalization;
using Microsoft.Data.Sqlite;

namespace PasswordSync.Journal.Sqlite.Engine;

/// <summary>One connection and its prepared statements. Not thread-safe: one user at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    private const int NoTransaction = 1;

    private readonly SqliteConnection connection;
    private readonly Dictionary<string, SqliteCommand> prepared = new(StringComparer.Ordinal);

    private SqliteSession(SqliteConnection connection) => this.connection = connection;

    /// <summary>Opens a connection with the settings that this product needs.</summary>
    /// <exception cref="SqliteException">The file cannot be opened or is no database.</exception>
    public static SqliteSession Open(string path, TimeSpan busyTimeout, SessionUse use)
    {
        var settings = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = use == SessionUse.Making ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite,
            Cache = SqliteCacheMode.Private,
            Pooling = false,
            ForeignKeys = true,
            DefaultTimeout = (int)Math.Ceiling(busyTimeout.TotalSeconds),
        };
        var session = new SqliteSession(new SqliteConnection(settings.ConnectionString));
        try
        {
            session.connection.Open();
            session.Run("PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;");
            session.SetPatience(busyTimeout);
            session.Run(use == SessionUse.Reading ? "PRAGMA query_only=ON; PRAGMA cache_size=-8000;" : "PRAGMA cache_size=-32000; PRAGMA journal_size_limit=67108864;");
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Runs statements that are not worth keeping prepared.</summary>
    public void Run(string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // No caller puts anything that came from outside into a statement.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    /// <summary>How long a statement waits for locks of others. Milliseconds count.</summary>
    public void SetPatience(TimeSpan patience) => Run(string.Create(CultureInfo.InvariantCulture, $"PRAGMA busy_timeout={(int)patience.TotalMilliseconds}"));

    /// <summary>Runs a statement whose parameters are $1, $2, …; how many rows it changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> values) => Bind(sql, values).ExecuteNonQuery();

    /// <summary>The first value of the first row as a whole number; null if there is no row or it is null.</summary>
    public long? Number(string sql, params ReadOnlySpan<object?> values) =>
        Bind(sql, values).ExecuteScalar() is { } value and not DBNull ? Convert.ToInt64(value, CultureInfo.InvariantCulture) : null;

    /// <summary>The first value of the first row as text; null if there is no row or it is null.</summary>
    public string? Text(string sql, params ReadOnlySpan<object?> values) => Bind(sql, values).ExecuteScalar() as string;

    /// <summary>The first value of the first row as bytes; null if there is no row or it is null.</summary>
    public byte[]? Bytes(string sql, params ReadOnlySpan<object?> values) => Bind(sql, values).ExecuteScalar() as byte[];

    /// <summary>The rows of a query. The caller ends it before the session is used again.</summary>
    public SqliteDataReader Query(string sql, params ReadOnlySpan<object?> values) => Bind(sql, values).ExecuteReader();

    /// <summary>Reads with several statements from one moment's state of the database.</summary>
    public T AtOneMoment<T>(Func<SqliteSession, T> read)
    {
        Execute("BEGIN");
        try
        {
            return read(this);
        }
        finally
        {
            Rollback();
        }
    }

    /// <summary>Undoes the transaction that was begun, if SQLite did not do so by itself.</summary>
    public void Rollback()
    {
        try
        {
            Run("ROLLBACK");
        }
        catch (SqliteException trouble) when (trouble.SqliteErrorCode == NoTransaction)
        {
            // A full disk and other trouble end a transaction before we do: sqlite.org/lang_transaction.html, "Response To Errors Within A Transaction".
        }
    }

    public void Dispose()
    {
        foreach (var command in prepared.Values) command.Dispose();
        connection.Dispose();
    }

    private SqliteCommand Bind(string sql, ReadOnlySpan<object?> values)
    {
        if (!prepared.TryGetValue(sql, out var command)) prepared[sql] = command = Prepare(sql, values.Length);
        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }

    private SqliteCommand Prepare(string sql, int parameters)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Every caller passes a constant.
        command.CommandText = sql;
#pragma warning restore CA2100
        for (var i = 1; i <= parameters; i++) command.Parameters.Add(new SqliteParameter { ParameterName = string.Create(CultureInfo.InvariantCulture, $"${i}") });
        return command;
    }
}

/// <summary>What a connection is for.</summary>
internal enum SessionUse
{
    /// <summary>Making the file if it is not there, and its schema.</summary>
    Making,

    /// <summary>Writing to a database that must be there: one that vanished is not made anew.</summary>
    Writing,

    /// <summary>Reading only.</summary>
    Reading,
}
