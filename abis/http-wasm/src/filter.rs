//! A request's way past a guest, and its response's way back.

use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Body, Error, Exchange, HttpFilter, HttpHandler, Result};
use http::{Request, Response};

use crate::instance::{Instance, Linked};
use crate::pool::Pool;
use crate::traffic::Traffic;

pub(crate) struct Filter {
    linked: Linked,
    pool: Arc<Pool>,
}

impl Filter {
    pub(crate) fn new(linked: Linked) -> Self {
        Self { linked, pool: Arc::default() }
    }

    fn fails_open(&self) -> bool {
        self.linked.host.filter.fail_open
    }

    /// An instance for this exchange. It is no other's until the response is there.
    async fn instance(&self, exchange: &Exchange) -> Result<Instance> {
        match self.pool.take() {
            Some(mut instance) => {
                instance.store.data_mut().lead_to(self.linked.stdio(exchange));
                Ok(instance)
            }
            None => self.linked.start(exchange).await,
        }
    }

    /// Lets traffic pass by a guest that failed, if it may.
    ///
    /// # Errors
    /// The guest's, if it may not.
    fn pass_by<T>(&self, passing: Option<T>, error: Error, exchange: &Exchange) -> Result<T> {
        let Some(passing) = passing else { return Err(error) };
        if let Some(observer) = &exchange.observer {
            observer.failed(&error.note("`fail = \"open\"`: traffic passed by it"));
        }
        Ok(passing)
    }
}

/// What a guest made of a request.
enum Seen {
    /// It goes on, and the guest waits for its response.
    GoesOn(Box<Instance>, Request<Body>, u32),
    /// The guest has answered.
    Answered(Response<Body>),
    /// The guest failed.
    PassesBy(Request<Body>),
}

impl Filter {
    async fn see(&self, request: Request<Body>, exchange: &Exchange) -> Result<Seen> {
        let mut instance = match self.instance(exchange).await {
            Ok(instance) => instance,
            Err(error) => {
                let passing = self.fails_open().then_some(request);
                return self.pass_by(passing, error, exchange).map(Seen::PassesBy);
            }
        };
        let state = instance.store.data_mut();
        let traffic = Traffic::new(request, exchange.peer, state.features, self.fails_open());
        state.traffic = Some(Box::new(traffic));
        let handled = self.linked.handle_request(&mut instance, exchange).await;
        let traffic = instance.store.data_mut().traffic.as_deref_mut();
        match (handled, traffic) {
            (Ok((true, context)), Some(traffic)) => {
                let request = traffic.request();
                Ok(Seen::GoesOn(Box::new(instance), request, context))
            }
            (Ok((false, _)), Some(traffic)) => {
                let response = traffic.response();
                self.pool.put(instance);
                Ok(Seen::Answered(response))
            }
            (Err(error), Some(traffic)) => {
                self.pass_by(traffic.original_request(), error, exchange).map(Seen::PassesBy)
            }
            (_, None) => Err(Error::new(holm_abi::Kind::Internal, "the request is gone")),
        }
    }

    async fn see_response(
        &self,
        mut instance: Box<Instance>,
        response: Response<Body>,
        context: u32,
        exchange: &Exchange,
    ) -> Result<Response<Body>> {
        let Some(traffic) = instance.store.data_mut().traffic.as_deref_mut() else { return Ok(response) };
        traffic.answered(Some(response));
        let handled = self.linked.handle_response(&mut instance, exchange, context, false).await;
        let Some(traffic) = instance.store.data_mut().traffic.as_deref_mut() else {
            return Err(Error::new(holm_abi::Kind::Internal, "the response is gone"));
        };
        match handled {
            Ok(()) => {
                let response = traffic.response();
                self.pool.put(*instance);
                Ok(response)
            }
            Err(error) => self.pass_by(traffic.original_response(), error, exchange),
        }
    }

    /// There is no response, which the guest is told for what it may have to put away.
    async fn see_failure(&self, mut instance: Box<Instance>, context: u32, exchange: &Exchange) {
        if let Some(traffic) = instance.store.data_mut().traffic.as_deref_mut() {
            traffic.answered(None);
        }
        // What the client hears of is what failed first.
        if self.linked.handle_response(&mut instance, exchange, context, true).await.is_ok() {
            self.pool.put(*instance);
        }
    }
}

#[async_trait]
impl HttpFilter for Filter {
    async fn handle(
        &self,
        request: Request<Body>,
        exchange: Exchange,
        next: &Arc<dyn HttpHandler>,
    ) -> Result<Response<Body>> {
        let (instance, request, context) = match self.see(request, &exchange).await? {
            Seen::GoesOn(instance, request, context) => (instance, request, context),
            Seen::Answered(response) => return Ok(response),
            Seen::PassesBy(request) => return next.handle(request, exchange).await,
        };
        match next.handle(request, exchange.clone()).await {
            Ok(response) => self.see_response(instance, response, context, &exchange).await,
            Err(error) => {
                self.see_failure(instance, context, &exchange).await;
                Err(error)
            }
        }
    }
}
