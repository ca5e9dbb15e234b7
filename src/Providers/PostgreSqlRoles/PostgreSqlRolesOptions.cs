using PasswordSync.Providers.Matching;
using PasswordSync.Providers.PostgreSql;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.PostgreSqlRoles;

/// <summary>How a role is named after an account.</summary>
public enum RoleCase
{
    /// <summary>In lower case, as PostgreSQL itself folds names that are not quoted.</summary>
    Lower,

    /// <summary>As the source writes it.</summary>
    Exact,
}

/// <summary>The settings of a <c>postgreSqlRoles</c> sync point: the login roles of a PostgreSQL server.</summary>
public sealed record PostgreSqlRolesOptions
{
    /// <summary>Where the server is and who the service is there.</summary>
    public required PostgreSqlServerOptions Server { get; init; }

    /// <summary><c>account</c>: which name of the source's account the role has. Default <c>samAccountName</c>.</summary>
    public SourceAttribute Account { get; init; } = SourceAttribute.SamAccountName;

    /// <summary><c>roleCase</c>: default <c>lower</c>.</summary>
    public RoleCase RoleCase { get; init; } = RoleCase.Lower;

    /// <summary><c>memberOf</c>: only roles that are members of this one are set. Default: any that can log in.</summary>
    public string? MemberOf { get; init; }

    /// <summary><c>superusers</c>: whether superusers are set too. Default false.</summary>
    public bool Superusers { get; init; }

    /// <summary><c>iterations</c>: of the verifier. Default 4,096, PostgreSQL's own; up to 1,000,000. Every log-in of the role costs its client as many.</summary>
    public int Iterations { get; init; } = 4_096;

    /// <summary><c>passwordLengthMin</c>: shorter passwords are refused. UTF-16 code units. Default 1; 1 to 256.</summary>
    public int PasswordLengthMin { get; init; } = 1;

    /// <returns>Null if something is wrong, which is noted at <paramref name="settings"/>.</returns>
    public static PostgreSqlRolesOptions? Read(SettingsReader settings, NodeAllowList allowList)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(allowList);
        var defaults = new PostgreSqlRolesOptions { Server = PostgreSqlServerOptions.Read(settings, allowList, database: "postgres") };
        var options = defaults with
        {
            Account = settings.Choice("account", defaults.Account),
            RoleCase = settings.Choice("roleCase", defaults.RoleCase),
            MemberOf = settings.OptionalText("memberOf"),
            Superusers = settings.Flag("superusers", defaults.Superusers),
            Iterations = settings.Number("iterations", defaults.Iterations, defaults.Iterations, 1_000_000),
            PasswordLengthMin = settings.Number("passwordLengthMin", defaults.PasswordLengthMin, 1, 256),
        };
        return settings.IsGood ? options : null;
    }
}
