namespace PasswordSync.Ldap;

/// <summary>A control that goes with a request or an answer (RFC 4511, 4.1.11).</summary>
/// <param name="Oid">The control's object identifier, dotted.</param>
/// <param name="IsCritical">Whether the server must refuse the request if it does not know the control.</param>
/// <param name="Value">The value, BER inside where the control's own standard says so; null for none.</param>
public sealed record LdapControl(string Oid, bool IsCritical, ReadOnlyMemory<byte>? Value)
{
    /// <summary>Simple paged results, RFC 2696.</summary>
    public const string PagedResultsOid = "1.2.840.113556.1.4.319";

    /// <summary>Show tombstones and recycled objects (MS-ADTS 3.1.1.3.4.1.14).</summary>
    public const string ShowDeletedOid = "1.2.840.113556.1.4.417";

    /// <summary>Delete an object with all below it (MS-ADTS 3.1.1.3.4.1.15).</summary>
    public const string TreeDeleteOid = "1.2.840.113556.1.4.805";

    /// <summary>Apply the password history to a reset too (MS-ADTS 3.1.1.3.4.1.27).</summary>
    public const string PolicyHintsOid = "1.2.840.113556.1.4.2239";

    /// <summary>The Oid and the criticality, not the value.</summary>
    public override string ToString() => IsCritical ? $"{Oid} (critical)" : Oid;
}
