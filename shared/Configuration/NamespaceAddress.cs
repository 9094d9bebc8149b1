namespace CtSeg.Configuration;

/// <summary>The host name of a Service Bus namespace; with a port where one stands in for it that listens elsewhere.</summary>
public static class NamespaceAddress
{
    private const string Scheme = "amqps://";

    /// <param name="port">-1 where none is given.</param>
    public static bool TryParse(string text, out string host, out int port)
    {
        var isAddress = Uri.TryCreate(Scheme + text, UriKind.Absolute, out var address)
            && address.Host.Length > 0 && address.UserInfo.Length == 0 && address.PathAndQuery is "/" or "" && address.Fragment.Length == 0 && !text.EndsWith('/');
        (host, port) = isAddress ? (address!.Host, address.Port) : ("", -1);
        return isAddress;
    }
}
