using System.Collections.Immutable;
using System.Text.RegularExpressions;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.PostgreSql;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Sql;

/// <summary>The kinds of databases.</summary>
public enum SqlDatabase
{
    Sqlite,
    PostgreSql,
}

/// <summary>The settings of a <c>sql</c> sync point: a user table in a SQLite file or on a PostgreSQL server (<c>engine</c>; default <c>sqlite</c>).</summary>
public sealed partial record SqlOptions
{
    /// <summary>The fewest <c>iterations</c>.</summary>
    internal const int IterationsMin = 1_000;

    /// <summary><c>database</c>: for SQLite the absolute path of the file, which must exist; for PostgreSQL the database's name. Required.</summary>
    public required string Database { get; init; }

    /// <summary>Where the PostgreSQL server is and who the service is there; null for SQLite.</summary>
    public PostgreSqlServerOptions? Server { get; init; }

    /// <summary><c>hash</c>: default <c>pbkdf2</c>.</summary>
    public SqlHash Hash { get; init; } = SqlHash.Pbkdf2;

    /// <summary><c>findStatement</c>: selects key, name for people and version by <c>@value</c>, instead of the statement made of the names below. At most 4,000 characters, as the others.</summary>
    public string? FindStatement { get; init; }

    /// <summary><c>readStatement</c>: selects version and hash, for PBKDF2 also salt and iterations, by <c>@key</c>.</summary>
    public string? ReadStatement { get; init; }

    /// <summary><c>setStatement</c>: sets the password of the account <c>@key</c> to <c>@hash</c> (for PBKDF2 also <c>@salt</c>, <c>@iterations</c>) and raises the version.</summary>
    public string? SetStatement { get; init; }

    /// <summary><c>table</c>: default <c>users</c>; on PostgreSQL also <c>schema.table</c>.</summary>
    public string Table { get; init; } = "users";

    /// <summary><c>keyColumn</c>: never changes and is unique. Default <c>id</c>.</summary>
    public string KeyColumn { get; init; } = "id";

    /// <summary><c>loginColumn</c>: shown to people. Default <c>login</c>.</summary>
    public string LoginColumn { get; init; } = "login";

    /// <summary><c>hashColumn</c>: takes 32 bytes, for SHA-512-crypt a text of some 120 characters. Default <c>password_hash</c>.</summary>
    public string HashColumn { get; init; } = "password_hash";

    /// <summary><c>saltColumn</c>: takes 16 bytes. Default <c>password_salt</c>.</summary>
    public string SaltColumn { get; init; } = "password_salt";

    /// <summary><c>iterationsColumn</c>: takes a whole number. Default <c>password_iterations</c>.</summary>
    public string IterationsColumn { get; init; } = "password_iterations";

    /// <summary><c>versionColumn</c>: a whole number that every set of a password raises by one, whoever makes it. Default <c>password_version</c>.</summary>
    public string VersionColumn { get; init; } = "password_version";

    /// <summary><c>match</c>: default <c>sAMAccountName=login</c>. Values are compared as the column's own collation says.</summary>
    public ImmutableArray<MatchRule> Match { get; init; } = [new MatchRule(SourceAttribute.SamAccountName, "login")];

    /// <summary><c>iterations</c>: of PBKDF2, or the rounds of SHA-512-crypt. Default 600,000; 1,000 to 10,000,000.</summary>
    public int Iterations { get; init; } = 600_000;

    /// <summary><c>passwordLengthMin</c>: shorter passwords are refused. UTF-16 code units. Default 1; 1 to 256.</summary>
    public int PasswordLengthMin { get; init; } = 1;

    /// <summary><c>lockTimeout</c>: how long to wait while another writer has the file or the row. Default 5 s; 1 s to 1 min, in whole seconds.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <returns>Null if something is wrong, which is noted at <paramref name="settings"/>.</returns>
    public static SqlOptions? Read(SettingsReader settings, NodeAllowList allowList)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(allowList);
        var server = settings.Choice("engine", SqlDatabase.Sqlite) == SqlDatabase.PostgreSql ? PostgreSqlServerOptions.Read(settings, allowList, database: null) : null;
        var defaults = new SqlOptions { Database = server?.Database ?? ReadFile(settings, allowList), Server = server };
        var options = defaults with
        {
            Hash = settings.Choice("hash", defaults.Hash),
            FindStatement = SqlStatements.Given(settings, "findStatement", "@value"),
            ReadStatement = SqlStatements.Given(settings, "readStatement", "@key"),
            SetStatement = SqlStatements.Given(settings, "setStatement", settings.Choice("hash", defaults.Hash) == SqlHash.Pbkdf2 ? ["@key", "@hash", "@salt", "@iterations"] : ["@key", "@hash"]),
            Table = Name(settings, "table", defaults.Table, isQualified: server is not null),
            KeyColumn = Name(settings, "keyColumn", defaults.KeyColumn),
            LoginColumn = Name(settings, "loginColumn", defaults.LoginColumn),
            HashColumn = Name(settings, "hashColumn", defaults.HashColumn),
            SaltColumn = Name(settings, "saltColumn", defaults.SaltColumn),
            IterationsColumn = Name(settings, "iterationsColumn", defaults.IterationsColumn),
            VersionColumn = Name(settings, "versionColumn", defaults.VersionColumn),
            Match = MatchRule.Read(settings, defaults.Match, Form().IsMatch),
            Iterations = settings.Number("iterations", defaults.Iterations, IterationsMin, Sha512CryptPassword.RoundsMax),
            PasswordLengthMin = settings.Number("passwordLengthMin", defaults.PasswordLengthMin, 1, 256),
            LockTimeout = settings.Duration("lockTimeout", defaults.LockTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)),
        };
        return settings.IsGood ? options : null;
    }

    private static string ReadFile(SettingsReader settings, NodeAllowList allowList)
    {
        var file = settings.Text("database", "Give the absolute path of the SQLite file.");
        if (file.Length > 0 && !Path.IsPathFullyQualified(file)) settings.Reject("database", "Give an absolute path.");
        else if (file.Length > 0 && !allowList.AllowsFile(file)) settings.Reject("database", "This node's allow-list of files does not have it: add it there.");
        return file;
    }

    private static string Name(SettingsReader settings, string key, string byDefault, bool isQualified = false)
    {
        var name = settings.OptionalText(key) ?? byDefault;
        if (!(isQualified ? name.Split('.', 2) : [name]).All(Form().IsMatch)) settings.Reject(key, $"Use 1 to 63 letters, digits or underscores, not beginning with a digit (default {byDefault}).");
        return name;
    }

    // Identifiers cannot be parameters of a statement; this form needs no quoting and cannot end one.
    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
