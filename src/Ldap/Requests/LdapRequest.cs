using System.Formats.Asn1;

namespace PasswordSync.Ldap;

/// <summary>What every request may carry. Not a record, and prints nothing of its content: requests hold secrets.</summary>
public abstract class LdapRequest
{
    private protected LdapRequest() { }

    /// <summary>How long to wait for the answer; null (the default) for <see cref="LdapOptions.RequestTimeout"/>. Must be greater than zero.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>
    /// A point in time after which the request is not sent and its answer not awaited; null (the default) for none. The earlier of this
    /// and <see cref="Timeout"/> holds. It is checked last before the request is written.
    /// </summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Controls to send along; none by default.</summary>
    public IReadOnlyList<LdapControl> Controls { get; init; } = [];

    /// <summary>The operation's name, for messages.</summary>
    public abstract string Operation { get; }

    /// <summary>Whether the content must not go over an open connection.</summary>
    internal virtual bool HoldsSecret => false;

    internal abstract void Write(AsnWriter writer);

    /// <summary>The operation's name only.</summary>
    public override string ToString() => Operation;
}
