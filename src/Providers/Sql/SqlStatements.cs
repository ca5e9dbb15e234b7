using System.Collections.Immutable;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Sql;

/// <summary>The statements, with parameters <c>@value</c>, <c>@key</c>, <c>@hash</c>, <c>@salt</c>, <c>@iterations</c>: made of the names of table and columns, or given.</summary>
/// <param name="Find">By rule: selects key, name for people and version of the accounts that match <c>@value</c>.</param>
/// <param name="Read">Selects version and hash (for PBKDF2 also salt and iterations) of the account <c>@key</c>.</param>
/// <param name="Set">Sets the password of the account <c>@key</c>, and raises the version.</param>
internal sealed record SqlStatements(ImmutableDictionary<MatchRule, string> Find, string Read, string Set)
{
    /// <summary>The longest statement, in characters.</summary>
    public const int LengthMax = 4_000;

    public IEnumerable<string> All => [.. Find.Values.Distinct(), Read, Set];

    public static SqlStatements Of(SqlOptions options)
    {
        var hashColumns = options.Hash == SqlHash.Pbkdf2 ? $"{options.HashColumn}, {options.SaltColumn}, {options.IterationsColumn}" : options.HashColumn;
        var assignments = options.Hash == SqlHash.Pbkdf2
            ? $"{options.HashColumn} = @hash, {options.SaltColumn} = @salt, {options.IterationsColumn} = @iterations"
            : $"{options.HashColumn} = @hash";
        return new SqlStatements(
            options.Match.Distinct().ToImmutableDictionary(rule => rule, rule => options.FindStatement
                ?? $"SELECT {options.KeyColumn}, {options.LoginColumn}, {options.VersionColumn} FROM {options.Table} WHERE {rule.Target} = @value LIMIT {AccountSearch.HitsMax}"),
            options.ReadStatement ?? $"SELECT {options.VersionColumn}, {hashColumns} FROM {options.Table} WHERE {options.KeyColumn} = @key",
            options.SetStatement ?? $"UPDATE {options.Table} SET {assignments}, {options.VersionColumn} = coalesce({options.VersionColumn}, 0) + 1 WHERE {options.KeyColumn} = @key");
    }

    /// <summary>A statement of the settings; null if there is none.</summary>
    public static string? Given(SettingsReader settings, string key, params ReadOnlySpan<string> parameters)
    {
        if (settings.OptionalText(key) is not { } text) return null;
        if (text.Length > LengthMax) settings.Reject(key, $"Use at most {LengthMax} characters.");
        foreach (var parameter in parameters)
        {
            if (!text.Contains(parameter, StringComparison.Ordinal)) settings.Reject(key, $"Use the parameter {parameter} in it.");
        }

        return text;
    }
}
