namespace PasswordSync.Lab;

/// <summary>What kind of domain a test wants. Equal options share one provisioned template.</summary>
public sealed record SambaDomainOptions
{
    /// <summary>Upper-case DNS name of the domain, such as <c>ALPHA.TEST</c>. The NetBIOS name is its first label, at most 15 characters.</summary>
    public string Realm { get; init; } = "ALPHA.TEST";

    /// <summary>1 or 2 writable domain controllers, named dc1 and dc2.</summary>
    public int Controllers { get; init; } = 1;

    /// <summary>How many users exist from the start: see <see cref="LabUser.Numbered"/>. 0 to 9999; 25 ms each, once per template.</summary>
    public int Users { get; init; } = 10;

    /// <summary>Whether the DC is also the DNS server of its domain; see <see cref="SambaNameService"/>. For domains of one DC.</summary>
    public bool NameService { get; init; }

    /// <summary>The domain's password policy at the start.</summary>
    public PasswordPolicy PasswordPolicy { get; init; } = new();

    internal string DnsName => Realm.ToLowerInvariant();

    internal string NetBiosName => Realm.Split('.')[0];

    internal string BaseName => string.Join(',', DnsName.Split('.').Select(label => $"DC={label}"));
}
