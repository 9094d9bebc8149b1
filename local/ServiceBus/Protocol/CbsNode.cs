using Amqp;
using Amqp.Framing;
using CtSeg.Local.ServiceBus.Store;

namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary>Checks the tokens that clients put on a connection.</summary>
/// <param name="SharedAccess">Null: tokens made with a key are refused.</param>
/// <param name="WebTokens">Null: those of identities are refused.</param>
internal sealed record TokenChecks(SharedAccessTokens? SharedAccess, IWebTokens? WebTokens)
{
    public TokenVerdict Check(string? type, string token) => type switch
    {
        "servicebus.windows.net:sastoken" when SharedAccess is not null => SharedAccess.Check(token),
        "jwt" when WebTokens is not null => WebTokens.Check(token),
        _ => TokenVerdict.Refused($"Tokens of type '{type}' are not accepted here."),
    };
}

/// <summary><c>$cbs</c>, claims-based security: the operation put-token lets the connection use an entity until the token ends.</summary>
internal sealed partial class CbsNode(MessageStore store, TokenChecks tokens, ConnectionClaims claims, ILogger logger) : IRequestNode
{
    public Message Answer(Message request)
    {
        var properties = request.ApplicationProperties?.Map;
        if (properties?["operation"] as string != "put-token")
            throw RequestRefusedException.BadRequest("The only operation of $cbs is put-token.");
        if (properties["name"] is not string audience || request.Body is not string token)
            throw RequestRefusedException.BadRequest("put-token needs the property 'name' and a token as a string.");

        var path = EntityPath.Of(audience);
        EntityPath.IsManagement(path, out var entity);
        if (entity.Length > 0 && !store.TryGetQueue(entity, out _))
            throw new RequestRefusedException(404, Errors.EntityNotFound(entity));
        var verdict = tokens.Check(properties["type"] as string, token);
        if (verdict.Refusal is null && !EntityPath.IsWithin(path, verdict.Path))
            verdict = TokenVerdict.Refused("The token is for another resource.");
        if (verdict.Refusal is not null)
        {
            LogRefused(logger, path, verdict.Refusal);
            throw new RequestRefusedException(401, Errors.Of(ErrorCode.UnauthorizedAccess, verdict.Refusal));
        }
        claims.Grant(path, verdict.ExpiresAt);
        return Reply(202, "Accepted", condition: null);
    }

    public Message AnswerRefusal(int status, Error error) => Reply(status, error.Description, error.Condition);

    private static Message Reply(int status, string description, string? condition)
    {
        var properties = new ApplicationProperties { ["status-code"] = status, ["status-description"] = description };
        if (condition is not null)
            properties["error-condition"] = condition;
        return new Message { ApplicationProperties = properties };
    }

    [LoggerMessage(EventId = 2101, Level = LogLevel.Warning, Message = "Refused a token for '{Entity}': {Reason}")]
    private static partial void LogRefused(ILogger logger, string entity, string reason);
}
