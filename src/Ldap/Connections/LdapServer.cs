using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace PasswordSync.Ldap;

/// <summary>Where a server listens.</summary>
/// <param name="Host">A DNS name or an IP address, without brackets. Certificates and Kerberos names are checked against it.</param>
/// <param name="Port">The TCP port, 1 to 65535.</param>
public sealed record LdapServer(string Host, int Port)
{
    /// <summary>
    /// Where the host is, if that is known already, in the order in which the addresses are tried, of which the first 8 are; empty (the default) to ask
    /// the system. Never stands for the host's name, and has no part in whether two servers are the same.
    /// </summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];

    /// <summary>The usual port for <see cref="LdapSecurity.StartTls"/> and <see cref="LdapSecurity.None"/>.</summary>
    public const int DefaultPort = 389;

    /// <summary>The usual port for <see cref="LdapSecurity.Ldaps"/>.</summary>
    public const int DefaultTlsPort = 636;

    /// <summary>Reads <c>host</c>, <c>host:port</c>, <c>[IPv6]</c> or <c>[IPv6]:port</c>.</summary>
    /// <exception cref="FormatException">The text is none of these.</exception>
    public static LdapServer Parse(string text, int defaultPort) =>
        TryParse(text, defaultPort, out var server) ? server : throw new FormatException($"'{text}' is not a server: expected host, host:port or [IPv6]:port.");

    /// <summary>As <see cref="Parse"/>; false where that throws.</summary>
    public static bool TryParse(string text, int defaultPort, [NotNullWhen(true)] out LdapServer? server)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (host, tail) = Split(text);
        var port = defaultPort;
        var valid = host.Length > 0
            && Uri.CheckHostName(host) != UriHostNameType.Unknown
            && (tail.Length == 0 || (tail[0] == ':' && int.TryParse(tail.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out port)))
            && port is > 0 and <= ushort.MaxValue;
        server = valid ? new LdapServer(host, port) : null;
        return valid;
    }

    /// <summary>Whether both name one host and port.</summary>
    public bool Equals(LdapServer? other) => other is not null && Host.Equals(other.Host, StringComparison.OrdinalIgnoreCase) && Port == other.Port;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(StringComparer.OrdinalIgnoreCase.GetHashCode(Host), Port);

    /// <summary>The form that <see cref="Parse"/> reads.</summary>
    public override string ToString() =>
        Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    private static (string Host, string Tail) Split(string text)
    {
        if (text.StartsWith('[') && text.IndexOf(']', StringComparison.Ordinal) is var end and > 0) return (text[1..end], text[(end + 1)..]);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (text, "") : (text[..colon], text[colon..]);
    }
}
