using System.Formats.Asn1;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>How far below the base a search looks (RFC 4511, 4.5.1.2).</summary>
public enum LdapSearchScope
{
    /// <summary>The base object alone.</summary>
    Base = 0,

    /// <summary>The objects directly below the base, without it.</summary>
    OneLevel = 1,

    /// <summary>The base and everything below it.</summary>
    Subtree = 2,
}

/// <summary>A search (RFC 4511, 4.5). Aliases are never followed.</summary>
/// <param name="baseDn">The base; empty for the root DSE. Active Directory also takes <c>&lt;GUID=...&gt;</c>.</param>
/// <param name="scope">How far below the base to look.</param>
/// <param name="filter">What to find.</param>
/// <param name="attributes">What to return: names, <c>*</c> for all user attributes, <c>1.1</c> for none; empty means all user attributes.</param>
public sealed class LdapSearchRequest(string baseDn, LdapSearchScope scope, LdapFilter filter, params IReadOnlyList<string> attributes) : LdapRequest
{
    private readonly int sizeLimit;
    private readonly TimeSpan timeLimit;

    public string BaseDn { get; } = baseDn;

    public LdapSearchScope Scope { get; } = scope;

    public LdapFilter Filter { get; } = filter;

    public IReadOnlyList<string> Attributes { get; } = attributes;

    /// <summary>How many entries the server shall return at most; 0 (the default) for the server's own limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public int SizeLimit
    {
        get => sizeLimit;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            sizeLimit = value;
        }
    }

    /// <summary>How long the server shall search at most, in whole seconds (rounded up); zero (the default) for the server's own limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or longer than a day.</exception>
    public TimeSpan TimeLimit
    {
        get => timeLimit;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, LdapOptions.TimeoutMax);
            timeLimit = value;
        }
    }

    /// <summary>Whether to return the names of attributes without their values; false by default.</summary>
    public bool TypesOnly { get; init; }

    /// <inheritdoc/>
    public override string Operation => "search";

    /// <summary>The same search with other controls.</summary>
    internal LdapSearchRequest WithControls(IReadOnlyList<LdapControl> controls) => new(BaseDn, Scope, Filter, Attributes)
    {
        SizeLimit = SizeLimit,
        TimeLimit = TimeLimit,
        TypesOnly = TypesOnly,
        Timeout = Timeout,
        Deadline = Deadline,
        Controls = controls,
    };

    internal override void Write(AsnWriter writer)
    {
        using (writer.PushSequence(LdapTags.Application(LdapTags.SearchRequest)))
        {
            writer.WriteText(BaseDn);
            writer.WriteEnumerated((int)Scope);
            writer.WriteEnumerated(0);
            writer.WriteInteger(SizeLimit);
            writer.WriteInteger((int)Math.Ceiling(TimeLimit.TotalSeconds));
            writer.WriteBoolean(TypesOnly);
            Filter.Write(writer);
            using (writer.PushSequence())
            {
                foreach (var attribute in Attributes) writer.WriteText(attribute);
            }
        }
    }
}
