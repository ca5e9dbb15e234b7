using System.Globalization;
using System.Net;

namespace PasswordSync.SyncNode.Settings;

/// <summary>An address to listen on.</summary>
/// <param name="Address">The IP address; <see cref="IPAddress.IPv6Any"/> for all.</param>
/// <param name="Port">0 for any free port.</param>
public sealed record ListenAddress(IPAddress Address, int Port)
{
    /// <summary>Whether it stands for all addresses of the machine, and so is none that others could be told.</summary>
    public bool IsEverywhere => Address.Equals(IPAddress.Any) || Address.Equals(IPAddress.IPv6Any);

    /// <summary>Reads <c>host:port</c>, where the host is an IP address (IPv6 in brackets) or <c>*</c>.</summary>
    public static bool TryParse(string text, out ListenAddress? address)
    {
        address = null;
        if (!TrySplit(text, out var host, out var port)) return false;
        if (host == "*") address = new ListenAddress(IPAddress.IPv6Any, port);
        else if (IPAddress.TryParse(host.Trim('[', ']'), out var parsed)) address = new ListenAddress(parsed, port);
        return address is not null;
    }

    /// <summary>Whether a text is <c>host:port</c> with a port above 0.</summary>
    public static bool IsHostAndPort(string text) => TrySplit(text, out var host, out var port) && host.Length > 0 && port > 0;

    /// <summary>Splits <c>host:port</c>.</summary>
    public static bool TrySplit(string text, out string host, out int port)
    {
        ArgumentNullException.ThrowIfNull(text);
        var colon = text.LastIndexOf(':');
        host = colon > 0 ? text[..colon] : "";
        port = 0;
        return colon > 0 && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= IPEndPoint.MaxPort;
    }
}
