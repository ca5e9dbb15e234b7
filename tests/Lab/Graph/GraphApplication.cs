using System.Security.Cryptography.X509Certificates;

namespace PasswordSync.Lab;

/// <summary>An application that the emulated tenant knows.</summary>
/// <param name="ClientId">Its id.</param>
/// <param name="Permissions">Its application permissions, consented to.</param>
/// <param name="Secret">Its secret; null if it has none.</param>
/// <param name="Certificate">Its certificate, without the private key; null if it has none.</param>
public sealed record GraphApplication(Guid ClientId, IReadOnlyList<string> Permissions, string? Secret, X509Certificate2? Certificate)
{
    /// <summary>The directory role that lets it set passwords of administrators.</summary>
    public bool IsPrivilegedAuthenticationAdministrator { get; init; }
}

/// <summary>A user of the emulated tenant.</summary>
/// <param name="Id">Its object id.</param>
/// <param name="UserPrincipalName">Its sign-in name.</param>
public sealed record GraphUser(Guid Id, string UserPrincipalName)
{
    public string? Mail { get; init; }

    public string? ImmutableId { get; init; }

    public string UserType { get; init; } = "Member";

    /// <summary>Whether it holds a directory role.</summary>
    public bool IsAdministrator { get; init; }

    /// <summary>Whether it comes from a directory whose tenant lets passwords be set there only.</summary>
    public bool IsMasteredOnPremises { get; init; }

    /// <summary>What the tenant keeps of the password; the emulator keeps it readable.</summary>
    public string Password { get; init; } = "";

    public bool MustChange { get; init; }

    public DateTimeOffset LastPasswordChange { get; init; }
}
