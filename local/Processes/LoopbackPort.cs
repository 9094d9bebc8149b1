using System.Net;
using System.Net.Sockets;

namespace CtSeg.Local.Processes;

/// <summary>For programs that must be told their port.</summary>
internal static class LoopbackPort
{
    /// <summary>A port of 127.0.0.1 that was free a moment ago.</summary>
    public static int FindFree()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
