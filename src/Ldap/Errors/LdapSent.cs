namespace PasswordSync.Ldap;

/// <summary>Whether a request that failed had left this process. "Sent" does not mean that the server has received it or acted on it.</summary>
public enum LdapSent
{
    /// <summary>Not a byte of it left; it certainly has no effect and may be sent again.</summary>
    No,

    /// <summary>Its writing had begun and was not seen to end; treat its outcome as unknown.</summary>
    Maybe,

    /// <summary>It was handed over to the network as a whole; without an answer its outcome is unknown.</summary>
    Yes,
}
