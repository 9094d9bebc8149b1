using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace CtSeg.Local.Identity;

/// <summary>
/// The identity endpoint that App Service gives its apps (API version 2019-08-01): whoever knows the header gets a token for a service, here for storage and
/// Service Bus only.
/// </summary>
internal sealed class IdentityEndpoint : IAsyncDisposable
{
    public const string ApiVersion = "2019-08-01";
    public const string HeaderName = "X-IDENTITY-HEADER";
    private const string Route = "/msi/token";
    private const int HeaderBytes = 32;
    private static readonly string[] Services = ["https://storage.azure.com", "https://servicebus.azure.net"];

    private readonly WebApplication _server;

    private IdentityEndpoint(TokenIssuer issuer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port: 0);
            kestrel.AddServerHeader = false;
        });
        builder.Services.AddRoutingCore();
        _server = builder.Build();
        _server.UseRouting();
        _server.MapGet(Route, (RequestDelegate)(context => AnswerAsync(context, issuer)));
    }

    /// <value>What callers send in <see cref="HeaderName"/>; variable <c>IDENTITY_HEADER</c>.</value>
    public string Header { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(HeaderBytes));

    /// <value>Variable <c>IDENTITY_ENDPOINT</c>.</value>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    public static async Task<IdentityEndpoint> StartAsync(TokenIssuer issuer, CancellationToken cancellationToken)
    {
        var endpoint = new IdentityEndpoint(issuer);
        await endpoint._server.StartAsync(cancellationToken);
        var address = endpoint._server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        endpoint.Address = new Uri(new Uri(address), Route);
        return endpoint;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private Task AnswerAsync(HttpContext context, TokenIssuer issuer)
    {
        var query = context.Request.Query;
        var service = query["resource"].ToString().TrimEnd('/');
        var client = query["client_id"].ToString();
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(context.Request.Headers[HeaderName].ToString()), Encoding.UTF8.GetBytes(Header)))
            return RefuseAsync(context, HttpStatusCode.Unauthorized, "unauthorized", $"The header {HeaderName} is missing or wrong.");
        if (query["api-version"] != ApiVersion)
            return RefuseAsync(context, HttpStatusCode.BadRequest, "invalid_request", $"The api-version must be {ApiVersion}.");
        if (!Services.Contains(service, StringComparer.Ordinal))
            return RefuseAsync(context, HttpStatusCode.BadRequest, "invalid_resource", $"The resource must be one of {string.Join(", ", Services)}.");
        if (client.Length > 0 && client != issuer.ClientId)
            return RefuseAsync(context, HttpStatusCode.BadRequest, "invalid_client", "No identity with this client_id is assigned.");
        var token = issuer.Issue(service);
        return WriteAsync(context, HttpStatusCode.OK, new JsonObject
        {
            ["access_token"] = token.Value,
            ["client_id"] = issuer.ClientId,
            ["expires_on"] = token.ExpiresAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            ["resource"] = service,
            ["token_type"] = "Bearer",
        });
    }

    private static Task RefuseAsync(HttpContext context, HttpStatusCode status, string error, string description) =>
        WriteAsync(context, status, new JsonObject { ["error"] = error, ["error_description"] = description });

    private static Task WriteAsync(HttpContext context, HttpStatusCode status, JsonObject answer)
    {
        context.Response.StatusCode = (int)status;
        context.Response.ContentType = "application/json; charset=utf-8";
        return context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
    }
}
