using System.Collections.Immutable;
using System.Data.Common;
using PasswordSync.Core.Secrets;

namespace PasswordSync.Providers.Sql;

/// <summary>How passwords are hashed.</summary>
public enum SqlHash
{
    /// <summary>PBKDF2 (RFC 8018) with HMAC-SHA-256, in three columns: hash, salt, iterations.</summary>
    Pbkdf2,

    /// <summary>SHA-512-crypt, in one column of text: <c>$6$rounds=N$salt$hash</c>, as /etc/shadow and many mail servers have it.</summary>
    Sha512Crypt,
}

/// <summary>A password as a user table holds it.</summary>
public abstract record StoredHash
{
    private protected StoredHash() { }

    /// <summary>What is written: the parameters of the statement by name, with their values.</summary>
    internal abstract ImmutableArray<(string Name, object Value)> Values { get; }

    /// <summary>Whether this is the hash of the password. As long for a wrong one as for the right one.</summary>
    public abstract bool Matches(Secret password);

    /// <summary>A new hash with a new random salt. Costs CPU time in proportion to <paramref name="iterations"/>.</summary>
    public static StoredHash Compute(SqlHash kind, Secret password, int iterations) => kind switch
    {
        SqlHash.Pbkdf2 => Pbkdf2Password.Compute(password, iterations),
        SqlHash.Sha512Crypt => Sha512CryptPassword.Compute(password, iterations),
        _ => throw new InvalidOperationException($"Internal error: unknown hash {kind}."),
    };

    /// <summary>Reads what a row holds from a column on; null if that is nothing, or of another form.</summary>
    internal static StoredHash? Read(SqlHash kind, DbDataReader row, int column) => kind switch
    {
        SqlHash.Pbkdf2 => row.IsDBNull(column) || row.IsDBNull(column + 1) || row.IsDBNull(column + 2)
            ? null
            : new Pbkdf2Password(row.GetFieldValue<byte[]>(column), row.GetFieldValue<byte[]>(column + 1), row.GetInt32(column + 2)),
        SqlHash.Sha512Crypt => row.IsDBNull(column) ? null : Sha512CryptPassword.Parse(row.GetString(column)),
        _ => throw new InvalidOperationException($"Internal error: unknown hash {kind}."),
    };
}
