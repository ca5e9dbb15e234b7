namespace PasswordSync.Ldap;

/// <summary>A control that goes with a request or an answer (RFC 4511, 4.1.11).</summary>
/// <param name="Oid">The control's object identifier, dotted.</param>
/// <param name="IsCritical">Whether the server must refuse the request if it does not know the control.</param>
/// <param name="Value">The value, BER inside where the control's own standard says so; null for none.</param>
public sealed record LdapControl(string Oid, bool IsCritical, ReadOnlyMemory<byte>? Value)
{
    /// <summary>Simple paged results, RFC 2696.</summary>
    public const string PagedResultsOid = "1.2.840.113556.1.4.319";

    /// <summary>The Oid and the criticality, not the value.</summary>
    public override string ToString() => IsCritical ? $"{Oid} (critical)" : Oid;
}
