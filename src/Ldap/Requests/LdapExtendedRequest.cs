using System.Formats.Asn1;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>An extended operation (RFC 4511, 4.12) that holds no secret.</summary>
/// <param name="oid">The operation's object identifier, dotted.</param>
/// <param name="value">The request's value; null for none.</param>
internal sealed class LdapExtendedRequest(string oid, ReadOnlyMemory<byte>? value) : LdapRequest
{
    public const string StartTlsOid = "1.3.6.1.4.1.1466.20037";
    public const string WhoAmIOid = "1.3.6.1.4.1.4203.1.11.3";
    public const string PasswordModifyOid = "1.3.6.1.4.1.4203.1.11.1";

    public string Oid { get; } = oid;

    public ReadOnlyMemory<byte>? Value { get; } = value;

    /// <inheritdoc/>
    public override string Operation => $"extended operation {Oid}";

    internal override void Write(AsnWriter writer)
    {
        using (writer.PushSequence(LdapTags.Application(LdapTags.ExtendedRequest)))
        {
            writer.WriteText(Oid, LdapTags.Context(0));
            if (Value is { } bytes) writer.WriteOctetString(bytes.Span, LdapTags.Context(1));
        }
    }
}

/// <summary>The answer to an extended operation.</summary>
/// <param name="Name">The answer's object identifier; null if the server named none.</param>
/// <param name="Value">The answer's value; null for none.</param>
/// <param name="Result">Success.</param>
internal sealed record LdapExtendedResult(string? Name, ReadOnlyMemory<byte>? Value, LdapResult Result)
{
    public override string ToString() => $"{Name} {Result}";
}
